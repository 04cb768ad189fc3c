"""What keeps a store in order: who uses it, who is at work in it, merged parts, what nobody needs."""
