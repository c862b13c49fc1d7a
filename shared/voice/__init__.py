"""What the voice export says: the reader of the document, what has been read so far, and where calls lead."""
