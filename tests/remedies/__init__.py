"""What ends each hold, as it is printed: run by the letter in a shell beside the local AWS."""
