-- Whether anything is due is asked five times a second while campaigns are dialled progressively.

CREATE INDEX callback_task_ready ON callback_task (not_before) WHERE state = 'waiting';
CREATE INDEX callback_task_chosen ON callback_task (chosen_at) WHERE state = 'waiting' AND chosen_at IS NOT NULL;
