"""What any caller begins with: keys and sign-in, the page, whether the API answers."""
