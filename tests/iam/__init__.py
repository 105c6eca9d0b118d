"""The deployed policies, judged by an evaluator of IAM against every call that the whole-flow tests made."""
