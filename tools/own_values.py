"""Writing values of each record's own, as one change."""


def write_each(values):
    """Write other values on each record; Odoo looks once for what depends on them.

    ``write`` looks for it with each record, which takes longer than all the rest of it.
    No access is checked, and no ``write`` that extends the model is called: this is for
    what the connector notes about itself, by the superuser.

    :param values: {record: {field: value}}, records of one model, fields with a column
        and neither inverse nor constraint in Python
    """
    if not values:
        return
    first = next(iter(values))
    records, env, fields = first.union(*values), first.env, first._fields
    if not env.su:
        raise RuntimeError("Only the superuser writes without checks.")
    names = {name for own in values.values() for name in own}
    relations = [n for n in names if env.registry.is_modifying_relations(fields[n])]
    records.modified(relations, before=True)
    written = {"write_uid": env.uid, "write_date": env.cr.now()}
    for name, value in written.items():
        fields[name].write(records, value)
    for record, own in values.items():
        for name, value in own.items():
            fields[name].write(record, value)
    records.modified(names | written.keys())
