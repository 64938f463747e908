"""What each kind of net is trained on and for."""
