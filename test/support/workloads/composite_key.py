"""A key of two texts."""
from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, moved


class CompositeKey(Draws):
    """1:1 under a composite key of two texts, in tables WITHOUT ROWID and STRICT; the columns change their order."""
    schema = """
        CREATE TABLE packages (arch TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (arch, name))
        WITHOUT ROWID"""
    definition = """
migration: composite-key
old:
  store: ${APP_DB}
  key: {packages: [arch, name]}
new:
  key: {builds: [arch, name]}
  create: |
    CREATE TABLE builds (name TEXT NOT NULL, arch TEXT NOT NULL, epoch INTEGER NOT NULL, upstream TEXT NOT NULL,
                         PRIMARY KEY (name, arch)) STRICT;
    CREATE INDEX builds_arch ON builds (arch, name);
forward:
  builds: |
    SELECT arch, name, CAST(substr(version, 1, instr(version, ':') - 1) AS INTEGER) AS epoch,
           substr(version, instr(version, ':') + 1) AS upstream
    FROM packages
backward:
  packages: SELECT name, arch, epoch || ':' || upstream AS version FROM builds
"""
    tables = {OLD: {"packages": ["arch", "name", "version"]}, NEW: {"builds": ["name", "arch", "epoch", "upstream"]}}
    arches = ["", "all", "ALL", "amd64", "o'32", "ä"]

    def state(self, count):
        arches = len(self.arches)
        return {(self.arches[n % arches], f"p{n // arches}"): dict(epoch=n % 3, upstream=f"{n}.0")
                for n in range(count)}

    def rows(self, state):
        return {"packages": [(*k, f"{e['epoch']}:{e['upstream']}") for k, e in state.items()],
                "builds": [(name, arch, e["epoch"], e["upstream"]) for (arch, name), e in state.items()]}

    def a_arch(self, random):
        return random.choice(self.arches)

    a_other_arch = a_arch

    def a_name(self, random):
        return f"p{random.randint(0, self.key_count // len(self.arches))}"

    a_other_name = a_name

    def a_epoch(self, random):
        return random.randint(0, 3)

    def a_version(self, random):
        return f"{self.a_epoch(random)}:{self.a_word(random)}"

    def put(self, state, arch, name, version):
        epoch, upstream = version.split(":")
        state[arch, name] = dict(epoch=int(epoch), upstream=upstream)

    # the old version

    @old("UPDATE packages SET version = ?3 WHERE arch = ?1 AND name = ?2", weight=3)
    def release(self, state, arch, name, version):
        if (arch, name) in state:
            self.put(state, arch, name, version)

    @old("UPDATE packages SET version = '9' || version WHERE name = ?1 AND length(version) < 30")
    def release_everywhere(self, state, name):
        for (_, held), entity in state.items():
            if held == name and len(f"{entity['epoch']}:{entity['upstream']}") < 30:
                entity["epoch"] = int(f"9{entity['epoch']}")

    @old("INSERT INTO packages VALUES (?1, ?2, ?3) ON CONFLICT (arch, name) DO UPDATE SET version = excluded.version",
         weight=2)
    def upsert_package(self, state, arch, name, version):
        self.put(state, arch, name, version)

    @old("INSERT OR IGNORE INTO packages VALUES (?1, ?2, ?3)",
         postgresql="INSERT INTO packages VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
    def add_package(self, state, arch, name, version):
        if (arch, name) not in state:
            self.put(state, arch, name, version)

    @old("REPLACE INTO packages VALUES (?1, ?2, ?3)", weight=2, postgresql=(
        "DELETE FROM packages WHERE arch = ?1 AND name = ?2", "INSERT INTO packages VALUES (?1, ?2, ?3)"))
    def replace_package(self, state, arch, name, version):
        self.put(state, arch, name, version)

    @old("UPDATE OR REPLACE packages SET arch = ?3, name = ?4 WHERE arch = ?1 AND name = ?2", weight=2, postgresql=(
        "DELETE FROM packages WHERE arch = ?3 AND name = ?4 AND (arch, name) <> (?1, ?2) "
        "AND EXISTS (SELECT 1 FROM packages WHERE arch = ?1 AND name = ?2)",
        "UPDATE packages SET arch = ?3, name = ?4 WHERE arch = ?1 AND name = ?2"))
    def rekey_package(self, state, arch, name, other_arch, other_name):
        if (arch, name) in state:
            state[other_arch, other_name] = state.pop((arch, name))

    @old("DELETE FROM packages WHERE arch = ?1 AND name = ?2", weight=2)
    def delete_package(self, state, arch, name):
        state.pop((arch, name), None)

    @old("DELETE FROM packages WHERE name = ?1", weight=0.5)
    def delete_everywhere(self, state, name):
        for key in [key for key in state if key[1] == name]:
            del state[key]

    # the new version

    @new("UPDATE builds SET epoch = ?3 WHERE arch = ?1 AND name = ?2", weight=3)
    def set_epoch(self, state, arch, name, epoch):
        if (arch, name) in state:
            state[arch, name]["epoch"] = epoch

    @new("INSERT INTO builds VALUES (?2, ?1, ?3, ?4) ON CONFLICT (name, arch) DO UPDATE SET upstream = excluded.upstream",
         weight=2)
    def upsert_build(self, state, arch, name, epoch, word):
        state.setdefault((arch, name), dict(epoch=epoch))["upstream"] = word

    @new("REPLACE INTO builds VALUES (?2, ?1, ?3, ?4)", postgresql=(
        "DELETE FROM builds WHERE arch = ?1 AND name = ?2", "INSERT INTO builds VALUES (?2, ?1, ?3, ?4)"))
    def replace_build(self, state, arch, name, epoch, word):
        state[arch, name] = dict(epoch=epoch, upstream=word)

    @new("UPDATE OR IGNORE builds SET arch = ?3, name = ?4 WHERE arch = ?1 AND name = ?2", postgresql=
         "UPDATE builds SET arch = ?3, name = ?4 WHERE arch = ?1 AND name = ?2 "
         "AND NOT EXISTS (SELECT 1 FROM builds WHERE arch = ?3 AND name = ?4)")
    def rekey_build(self, state, arch, name, other_arch, other_name):
        moved(state, (arch, name), (other_arch, other_name))

    @new("DELETE FROM builds WHERE arch = ?1 AND name = ?2", weight=2)
    def delete_build(self, state, arch, name):
        state.pop((arch, name), None)
