"""What ingest fills and retrieval searches: embeddings and the stores that hold them."""
