"""What executes a model. `savedmodel` is the only door to TensorFlow's runtime."""
