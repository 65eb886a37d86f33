"""System tests: real processes of Odoo that are killed; plain Python, never shipped."""
