"""What a running stage needs: settings, log, progress, lock."""
