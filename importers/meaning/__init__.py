"""What names mean, in four languages: plain Python, which knows no database."""
