"""What an item shows, what an answer is worth, what a good item is: pure decisions."""
