"""Installing, upgrading and removing zonelink with the tools that its users have: the SAM CLI and cargo-lambda."""
