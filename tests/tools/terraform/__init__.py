"""The Terraform modules against the templates."""
