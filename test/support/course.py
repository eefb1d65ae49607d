"""A migration that is carried from stage to stage while a crowd of clients reads and writes through proxies: what they were told must
be a linearizable history. The seed, which is printed, decides what the clients ask for and when something is killed."""
import signal
import threading
import time
from random import Random

from support.clients import Crowd
from support.history import History
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, RUNNING, UNINITIALIZED
from support.proxy import Proxy, Refused, demote
from support.registers import FIRST, SHAPES
from support.service import Service
from support.writers import seed_of_run

COUNT = 600
PATIENCE_S = 60


class Course:
    def __init__(self, folder, midflight, shape, hot, seed, keys, served=0, fault="", **crowd):
        """`served`: the clients go through so many servers."""
        self.folder, self.midflight, self.hot, self.begun = folder, midflight, hot, []
        self.over, self.follower = threading.Event(), None
        self.random, self.began = Random(f"course {seed}"), time.monotonic()
        self.service = Service(midflight, served, fault)
        self.crowd = Crowd(shape, midflight, folder, keys, seed, fault=fault, addresses=self.service.addresses, **crowd)
        self.pilot = Proxy(midflight.file, midflight.environment, node="pilot")

    def close(self):
        self.over.set()
        if self.follower:
            self.follower.join()
        for process in self.begun:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.pilot.close()
        self.service.close()

    def work(self, seconds=0.3, what=None):
        time.sleep(seconds)
        if what:
            print(f"{time.monotonic() - self.began:6.1f} s: {what}")
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
            self.midflight.again(verb, *options).done()
        assert self.stage() == until
        return self.work(what=f"{verb}{', killed and run again' if dies else ''}: {until}")

    def follow(self):
        """Between two stores: somebody keeps the other side current from now on; where he ends, another begins."""
        def keep():
            while not self.over.wait(0.05):
                process = self.midflight.begin("follow")
                while process.poll() is None and not self.over.wait(0.05):
                    pass
                process.terminate()
                process.communicate()
        self.follower = threading.Thread(target=keep)
        self.follower.start()
        return self

    def begin_start(self):
        """So gently that the crowd meets it Running."""
        process = self.midflight.begin("start", "--load", "0.02")
        self.begun.append(process)
        while self.stage() != RUNNING and process.poll() is None:
            time.sleep(0.01)
        return process

    def start(self):
        """Killed in the middle of the copy, and run again."""
        process = self.begin_start()
        self.work()
        process.kill()
        process.communicate()
        self.work(0.2)
        self.midflight.again("start").done()
        assert self.stage() == AWAITING_ADDITIONAL_ACTION
        return self.work(what="start, killed and run again")

    def percent(self, *shares):
        for share in shares:
            self.pilot.rollout(share)
            self.work(0.25)
        return self.work(0, f"percent: {shares}")

    def advance(self, **more):
        return self.verb("advance", until=AWAITING_FINALIZATION, **more)

    def finish(self, **more):
        return self.verb("advance", until=FINISHED, **more)

    def rollback(self, **more):
        return self.verb("rollback", until=UNINITIALIZED, **more)

    def demote(self):
        """Once more for as long as it is refused, as any crossing may be where a server has just gone or writers would wait too long."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                demote(self.midflight, "the test says so")
                break
            except Refused:
                assert time.monotonic() < end
        assert self.stage() == AWAITING_ADDITIONAL_ACTION
        return self.work(what="demoted")

    def kill_a_proxy(self):
        self.crowd.kill(self.random)
        return self.work(0.2, "a proxy was killed")

    def restart(self, number):
        """A server is ended by a signal in the middle of its requests, and another begins in its place."""
        self.service.restart(self.random.randrange(len(self.service.servers)), number)
        return self.work(what=f"a server was ended, {signal.Signals(number).name}")

    def back_past_a_sleeper(self):
        """A proxy sleeps for longer than others believe in it, and wakes after a rollback; or before, if it holds SQLite's lock."""
        for _ in range(10):
            with self.crowd.sleeper(self.random):
                outcome = self.midflight.rollback()
            if outcome.status == 0:
                break
        assert self.stage() == UNINITIALIZED, outcome
        return self.work(what="rollback, and a proxy woke")

    def ends(self):
        """The clients end, and what they were told is checked."""
        self.crowd.close()
        self.service.end()
        history = History(self.folder, self.hot, self.cold)
        print(history)
        history.check()
        return history


def hot_keys(count):
    """{key: its state at the start}: at either end of the table, in its middle, and beyond it; every other one is not there."""
    keys = (2, 3, count // 2, count // 2 + 1, count - 1, count, count + 50, count + 51)
    return {key: FIRST if key <= count and n % 2 == 0 else None for n, key in enumerate(keys)}


def rows_of(shape, hot, count):
    rows = ", ".join(SHAPES[shape].row.replace("{key}", str(key)) for key in range(1, count + 1) if hot.get(key, FIRST) is not None)
    return f"INSERT INTO customers ({SHAPES[shape].columns}) VALUES {rows};"


def set_course(folder, midflight, shape, hot, count=COUNT, hot_count=8, **crowd):
    """`hot_count`: of the hot keys so many are asked for."""
    course = Course(folder, midflight, shape, hot, seed_of_run(), keys=list(hot)[-hot_count:], **crowd)
    course.cold = {key: FIRST for key in range(1, count + 1) if key not in hot}
    return course
