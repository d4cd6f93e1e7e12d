"""Privacy of the work: folders that are wiped, files that are encrypted and expire, logs that cannot tell on people."""
