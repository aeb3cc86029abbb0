"""From the brokers to Faust: fetching, watermark alignment, chunks and their sequence."""
