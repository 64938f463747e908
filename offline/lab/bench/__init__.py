"""How fast and how exact samplechop is on this machine; every figure that is claimed comes from here."""
