"""Which custom fields of documents are booked, and on which analytic plan."""

from functools import cached_property

from ..procurify.payloads.embedded import CustomValue, custom_fields


class CustomPlans:
    """Knows the custom fields of one connection that have a plan."""

    def __init__(self, connection):
        self.connection = connection

    @cached_property
    def fields(self):
        """{number of a custom field: its procurify.custom.field} of those with one."""
        rows = self.connection.sudo().custom_field_ids
        return {row.field_number: row for row in rows.filtered("plan_id")}

    def values(self, *sources):
        """Return the CustomValue of each field with a plan.

        :param sources: JSON of the line, then of what it belongs to: the first that
            has a value for a field counts
        """
        found = {}
        for source in sources if self.fields else ():
            for field in custom_fields(source or {}):
                if field.id in self.fields and field.id not in found:
                    name = field.value
                    if isinstance(name, bool):
                        name = str(name).lower()
                    value = {"field": field.id, "field_label": field.label}
                    found[field.id] = CustomValue.from_json(value | {"name": name})
        return list(found.values())

    def is_optional(self, value):
        """Return whether a line is booked without this value where it is not mapped."""
        return self.fields[value.field].policy == "optional"
