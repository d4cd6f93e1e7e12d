"""One made file of each kind, sent through the product and compared with what libav and Pillow alone read from it."""
