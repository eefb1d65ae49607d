"""The workloads of the races and of the kill sweep: one for each way in which entities change shape."""
from support.workloads.add_column import AddColumn
from support.workloads.composite_key import CompositeKey
from support.workloads.list_to_rows import ListToRows
from support.workloads.lossy_name import LossyName
from support.workloads.merge_tables import MergeTables
from support.workloads.rows_to_list import RowsToList
from support.workloads.split_name import OneWay, RecursiveTriggers, SplitName
from support.workloads.split_table import SplitTable

# Those whose two versions may write at once.
ALL = (SplitName, RecursiveTriggers, ListToRows, RowsToList, CompositeKey, SplitTable, MergeTables, LossyName, AddColumn)

# Those that every store understands.
PORTABLE = (SplitName, ListToRows, CompositeKey)

# Those that move from one store to another.
BETWEEN = (*PORTABLE, MergeTables)
