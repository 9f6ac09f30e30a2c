"""Data: where bytes live, and the multiple-backend gateway that reaches them."""
