"""A migration with both versions of the application at work on it."""
import time

from support.midflight import AWAITING_FINALIZATION
from support.twin import Twin
from support.workload import NEW, OLD
from support.writers import Writers, seed_of_run

WRITERS = 2    # processes of each version
WHILE_S = 0.3  # how long they write in each stage

# Chunks are cut short, and the soak is over at once.
OPTIONS = ("hold_max: 1ms", "soak: 0s")


class Race:
    def __init__(self, workload, app, count, journal_mode, stack):
        """`stack` is an ExitStack: leaving it stops the writers, and fails if a request of theirs did."""
        self.workload, self.app, self.stack = workload, app, stack
        self.seed = seed_of_run()
        workload.make(app, count, journal_mode)
        self.before = app.schema()
        self.twin = Twin(workload, app, count)
        self.midflight = workload.migration(app, *OPTIONS)
        self.writers, self.opened = {}, 0

    def open(self, side):
        """That version of the application begins to write, and draws other values each time."""
        self.opened += 1
        self.writers[side] = self.stack.enter_context(Writers(self.workload, self.app, side, WRITERS, f"{self.seed} {self.opened}"))

    def close(self, side):
        self.writers[side].stop()

    def to_action(self):
        """Up to Awaiting Additional Action, where the new version opens, if it may."""
        self.open(OLD)
        time.sleep(0.1)
        self.midflight.start().done()
        self.twin.agree()
        if self.workload.new_opens != AWAITING_FINALIZATION:
            self.open(NEW)

    def to_cut_over(self):
        """Both versions write in every stage up to Awaiting Finalization, and nothing of it is lost."""
        self.to_action()
        time.sleep(WHILE_S)
        self.midflight.verify().done()
        self.twin.agree()
        self.midflight.advance().done()
        self.twin.agree()
        if self.workload.new_opens == AWAITING_FINALIZATION:
            self.open(NEW)
        time.sleep(WHILE_S)
        self.midflight.verify().done()
        self.twin.agree()
