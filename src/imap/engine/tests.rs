//! Whole sessions run through the engine, without a socket or a clock.
