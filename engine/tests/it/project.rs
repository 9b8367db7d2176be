//! Where projects are found, what of them is loaded, and how broken ones are refused.
