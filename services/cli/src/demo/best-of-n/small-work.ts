/** A small work of our own, for those who have no trajectory at hand. */
import type { WorkStep } from './work.js';

export const SMALL_WORK: readonly WorkStep[] = [
  { thought: 'Let us see what is there.', action: 'ls', observation: 'README.md\nhive.py\nhoney.py\nlabels.py\ntest_honey.py\ntest_labels.py' },
  {
    thought: 'The tests will show what is wrong.',
    action: 'python -m pytest test_honey.py',
    observation:
      'test_honey.py::test_jars FAILED\nE  assert jars(1000, size=300) == 4\nE  where 3 = jars(1000, size=300)\ntest_honey.py::test_price PASSED\n1 failed, 5 passed',
  },
  {
    thought: 'The function jars is in honey.py.',
    action: 'open honey.py',
    observation:
      '[File: /hive/honey.py (14 lines total)]\n1:def jars(grams, size):\n2:    """How many jars of a size hold so many grams."""\n3:    return grams // size\n4:\n5:def price(jars, each):\n6:    """What the jars cost, in cents."""\n7:    return jars * each',
  },
  {
    thought: 'Who else uses jars?',
    action: 'search_dir "jars("',
    observation:
      'hive.py:12: order = jars(harvest, size=500)\nhoney.py:1:def jars(grams, size):\nlabels.py:9: for number in range(jars(grams, size)):\ntest_honey.py:4:    assert jars(1000, size=300) == 4',
  },
  {
    thought: 'The division rounds down, so the last jar is missing. It must round up.',
    action: 'edit 3:3\n    return -(-grams // size)\nend_of_edit',
    observation: '[File: /hive/honey.py (14 lines total)]\n1:def jars(grams, size):\n3:    return -(-grams // size)',
  },
  { thought: 'Now the tests of honey again.', action: 'python -m pytest test_honey.py', observation: '6 passed' },
  {
    thought: 'labels.py prints a label for each jar; does it still hold?',
    action: 'open labels.py 9',
    observation:
      '[File: /hive/labels.py (22 lines total)]\n8:def print_labels(grams, size):\n9: for number in range(jars(grams, size)):\n10:  print(label(number))',
  },
  { thought: 'One label for each jar, the last one too.', action: 'python -m pytest test_labels.py', observation: '3 passed' },
  {
    thought: 'And the order in hive.py?',
    action: 'open hive.py 12',
    observation: '[File: /hive/hive.py (30 lines total)]\n11:def order_jars(harvest):\n12: order = jars(harvest, size=500)\n13: return order',
  },
  { thought: 'All of the harvest goes in jars, so rounding up is right there, too.', action: 'python -m pytest', observation: '14 passed' },
  {
    thought: 'Nothing is left to do.',
    action: 'submit honey.py',
    observation: 'diff --git a/honey.py b/honey.py\n-    return grams // size\n+    return -(-grams // size)',
  },
];
