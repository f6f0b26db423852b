"""The course as a web site that needs no Python and no network: `make site`."""
