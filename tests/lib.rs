//! Tests that cross the borders of single modules. The whole-flow tests are in `flow/`, in Python.
