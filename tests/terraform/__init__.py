"""The Terraform modules, compared with the templates: they are to make the same things."""
