"""Stop the local AWS and every function it runs: `PYTHONPATH=tools python -m local_aws.down`."""

from . import state, up


def main():
    """Stop what `up` started. That nothing is up is no failure."""
    with state.locked():
        running = state.read()
        if running is None:
            print("The local AWS is not up.")
            return
        up.stop(running)
    print("The local AWS is stopped.")


if __name__ == "__main__":
    main()
