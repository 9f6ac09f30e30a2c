"""The journal over HTTP, in the form that Backbeat's bucketd reader expects."""
