-- Of a reward whose quantity is `preference`: the model whose answer this decision's was compared with.
ALTER TABLE rewards ADD COLUMN against TEXT;
