# What is known of each image as one table, and images filed into folders by it.
