"""A teacher and a distilled student: problems, tokenizer, training, export (distill/README.md)."""
