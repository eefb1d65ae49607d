"""A migration that is carried from stage to stage while a crowd of clients reads and writes through proxies: what they were told must
be a linearizable history. The seed, which is printed, decides what the clients ask for and when something is killed."""
import time
from random import Random

from support.clients import Crowd
from support.history import History
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, RUNNING, UNINITIALIZED
from support.proxy import Proxy, demote
from support.registers import FIRST, SHAPES
from support.writers import seed_of_run

COUNT = 1500


class Course:
    def __init__(self, folder, midflight, shape, hot, seed, **crowd):
        self.folder, self.midflight, self.hot = folder, midflight, hot
        self.random = Random(f"course {seed}")
        self.crowd = Crowd(shape, midflight, folder, hot, seed, **crowd)
        self.pilot = Proxy(midflight.file, midflight.environment, node="pilot")

    def close(self):
        self.pilot.close()

    def work(self, seconds=0.4):
        time.sleep(seconds)
        return self

    def stage(self):
        return self.midflight.status().done().json["stage"]

    def verb(self, verb, *options, until, dies=False):
        """Carries it to a stage; `dies`: the process is killed at some moment, and the same command run again."""
        if dies:
            process = self.midflight.begin(verb, *options)
            time.sleep(self.random.uniform(0.02, 0.5))
            process.kill()
            process.communicate()
        if not dies or self.stage() != until:
            self.midflight.run(verb, *options).done()
        assert self.stage() == until
        return self.work()

    def start(self, dies=False):
        """So gently that the crowd meets it Running."""
        process = self.midflight.begin("start", "--load", "0.02")
        while self.stage() != RUNNING and process.poll() is None:
            time.sleep(0.01)
        self.work()
        if dies:
            process.kill()
            process.communicate()
            self.work(0.2)
            self.midflight.start().done()
        else:
            self.midflight.end(process).done()
        assert self.stage() == AWAITING_ADDITIONAL_ACTION
        return self.work()

    def percent(self, *shares):
        for share in shares:
            self.pilot.rollout(share)
            self.work(0.25)
        return self

    def advance(self, **more):
        return self.verb("advance", until=AWAITING_FINALIZATION, **more)

    def finish(self, **more):
        return self.verb("advance", until=FINISHED, **more)

    def rollback(self, **more):
        return self.verb("rollback", until=UNINITIALIZED, **more)

    def demote(self):
        demote(self.midflight, "the test says so")
        assert self.stage() == AWAITING_ADDITIONAL_ACTION
        return self.work()

    def kill_a_proxy(self):
        self.crowd.kill(self.random)
        return self.work(0.2)

    def ends(self):
        """The clients end, and what they were told is checked."""
        self.crowd.close()
        history = History(self.folder, self.hot, self.cold)
        history.check()
        print(history)
        return history


def hot_keys(count):
    """{key: its state at the start}: at either end of the table, in its middle, and beyond it; every other one is not there."""
    keys = (2, 3, count // 2, count // 2 + 1, count - 1, count, count + 50, count + 51)
    return {key: FIRST if key <= count and n % 2 == 0 else None for n, key in enumerate(keys)}


def rows_of(shape, hot, count):
    return "".join(SHAPES[shape].rows.replace("{key}", str(key)) for key in range(1, count + 1) if hot.get(key, FIRST) is not None)


def set_course(folder, midflight, shape, hot, count=COUNT, **crowd):
    course = Course(folder, midflight, shape, hot, seed_of_run(), **crowd)
    course.cold = {key: FIRST for key in range(1, count + 1) if key not in hot}
    return course
