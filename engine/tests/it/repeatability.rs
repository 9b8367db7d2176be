//! The same policies and the same event lead to the same decision, whoever asks and however often.
