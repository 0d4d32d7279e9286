//! Sends the same requests to several servers of one API, and shows every difference between their answers.
