"""What is indexed: releases, sources, documents, and how a synchronisation goes."""
