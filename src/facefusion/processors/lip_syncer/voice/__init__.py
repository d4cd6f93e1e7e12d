"""Speech as lip syncers hear it: parted from other sound, in bands of the mel scale."""
