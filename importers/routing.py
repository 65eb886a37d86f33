"""Where a document belongs: the company of its lines' locations, and who books it."""

from .issues import Hold


class CompanyRouting:
    """Decides for one connection, from the rules of all connections to its tenant.

    Each company of the tenant has one connection that books for it: its own, else
    that of the nearest company above it. So a document is booked once, however many
    connections read it.
    """

    def __init__(self, connection, routes):
        """:param connection: in the connector's own rights
        :param routes: its tenant's rules, at least one
        """
        self.connection = connection
        self.env = connection.env
        self.connections = connection._tenant_connections()
        self.companies, self.default = {}, self.env["res.company"]
        # Where two connections contradict each other, the elder rule counts for both.
        for route in routes.sorted("id", reverse=True):
            if route.location_id:
                self.companies[route._place()] = route.company_id
            else:
                self.default = route.company_id
        if not self.default and len(self.connections) == 1:
            self.default = connection.company_id

    # === WHERE A DOCUMENT BELONGS === #

    def company(self, locations):
        """Return the one company of a document, or an empty one.

        :param locations: (line's text, Location) pairs of its lines
        """
        companies = list(self._by_company(locations))
        return companies[0] if len(companies) == 1 else self.env["res.company"]

    def names(self, locations):
        """Return the names of the companies of a document's lines."""
        nobody = self.env._("a location without company")
        return [company.name or nobody for company in self._by_company(locations)]

    def _by_company(self, locations):
        """Return {company: texts of its lines}; those of no rule under an empty one."""
        lines = {}
        for text, location in locations or [("", None)]:
            number = location.external_id if location else None
            company = self.companies.get(number, self.default)
            lines.setdefault(company, []).append((text, location))
        return lines

    def responsible(self, company):
        """Return the connection that books for ``company``, or an empty one."""
        while company:
            own = self.connections.filtered(lambda c, at=company: c.company_id == at)
            if own:
                # Two for one company know of each other by what they linked.
                return self.connection if self.connection in own else own[0]
            company = company.parent_id
        return self.connections.browse()

    # === WHAT KEEPS IT FROM BEING BOOKED === #

    def holds(self, record, locations):
        """Return the Holds of a document that nobody books, or not as it is."""
        key = f"{record.resource}/{record.external_id}"
        lines = self._by_company(locations)
        unrouted = lines.pop(self.env["res.company"], ())
        holds = []
        if unrouted:
            names = {location.name for _text, location in unrouted if location}
            found = ", ".join(sorted(names)) or self.env._("no location")
            params = {"value": record.name, "found": found}
            holds.append(Hold("unrouted_location", key, params))
        if len(lines) > 1:
            found = "; ".join(
                f"{company.name}: {_texts(lines[company])}" for company in lines
            )
            params = {"value": record.name, "found": found}
            holds.append(Hold("several_companies", key, params))
        for company in lines:
            holds += self._company_holds(company)
        return holds

    def _company_holds(self, company):
        """Return the Hold of a company for which this connection cannot book."""
        key = f"company/{company.id}"
        connection = self.responsible(company)
        if not connection:
            params = {"value": company.name, "found": company.name}
            return [Hold("no_connection", key, params)]
        user = self.connection.user_id
        if (
            connection != self.connection
            or company in user.company_ids
            or user == self.env.ref("base.user_root")
        ):
            return []
        text = self.env._(
            "%(user)s has no access to %(company)s.",
            user=user.name,
            company=company.name,
        )
        return [Hold("access_denied", key, {"value": text})]


def family(env):
    """Return the company of ``env``, then others of its legal entity that may have a
    document too: its branches, or its parent and theirs.

    :param env: of the integration user, who may have access to some of them
    """
    own, user = env.company, env.user
    if user == env.ref("base.user_root"):
        return own | own.search([("id", "child_of", own.root_id.id)])
    companies = own | own.browse(user._get_company_ids())
    if companies == own:
        return own
    # Read together.
    roots = {company.id: company.root_id for company in companies.sudo()}
    return companies.filtered(lambda company: roots[company.id] == roots[own.id])


def _texts(lines):
    """Return the texts of some lines, a few of many."""
    texts = list(dict.fromkeys(text for text, _location in lines))
    return ", ".join(texts[:5]) + (", …" if len(texts) > 5 else "")
