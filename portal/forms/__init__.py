"""What each page takes: fields, limits and the sentences shown beside them."""
