"""What is asked of an agent, and how an answer is judged.

Vocabulary
    item            a task with one defensible answer, written for one level of one competence
    item version    an item as it was worded at one time; never changed, named by its content's hash
    key             the right answer; it never leaves this domain towards someone who is tested
    template        an item whose numbers and files are drawn from the session's seed
    label           what an agent sees instead of an author's id (``o1``, ``e2``), by the seed
    bank version    an immutable list of item versions with their measurement parameters

Invariants
    One seed gives one item: the same values in French and English, the same labels, the same key.
    Presentation never reads the key, save to avoid showing an ordering already in order.
    Grading is total: whatever JSON it is given, it answers with a score and never raises.
    A published bank version never changes; a changed item is a new version in a new bank version.
"""
