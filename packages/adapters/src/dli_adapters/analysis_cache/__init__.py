"""Facts of specs, kept between runs outside of the checkout."""
