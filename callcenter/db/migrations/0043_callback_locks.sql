-- An agent who asks for his next task is given the one he has, if he has one.

CREATE INDEX callback_task_locked ON callback_task (locked_by, locked_until) WHERE locked_by IS NOT NULL;
