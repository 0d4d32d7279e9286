//! What the cluster says of its nodes and slots: the types, and how they are read from `CLUSTER NODES` and
//! `CLUSTER SLOTS`.

use redis::Value;

use super::value::{form, text};

/// A line of `CLUSTER NODES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterNode {
    /// 40 hexadecimal digits.
    pub node_id: String,
    /// As announced, not as configured.
    pub host: String,
    /// As announced, not as configured.
    pub port: u16,
    /// Master or replica.
    pub role: ClusterRole,
    /// As sent, without `myself`, which depends on who was asked.
    pub flags: Vec<String>,
    /// The master that a replica follows.
    pub master_id: Option<String>,
    /// Unix time in milliseconds of the ping that is not yet answered; 0 without one.
    pub ping_sent: u64,
    /// Unix time in milliseconds of the last pong.
    pub pong_recv: u64,
    /// The configuration epoch.
    pub config_epoch: u64,
    /// `connected` or `disconnected`.
    pub link_state: String,
    /// The slots that it serves, sorted; slots on the way elsewhere are left out.
    pub slot_ranges: Vec<SlotRange>,
}

impl ClusterNode {
    /// How many slots it serves.
    pub fn slots_count(&self) -> u32 {
        self.slot_ranges.iter().map(SlotRange::len).sum()
    }
}

/// What a node of the cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterRole {
    /// It may serve slots.
    Master,
    /// It follows a master.
    Replica,
}

/// Slots from `start` to `end`, both included; 0 to 16383.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotRange {
    /// The first slot.
    pub start: u16,
    /// The last slot, not below the first.
    pub end: u16,
}

impl SlotRange {
    /// How many slots there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a range of slots is never empty")]
    pub fn len(&self) -> u32 {
        u32::from(self.end) + 1 - u32::from(self.start)
    }
}

/// An entry of `CLUSTER SLOTS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotAssignment {
    /// Which slots.
    pub range: SlotRange,
    /// Who serves them.
    pub master: SlotOwner,
    /// Who follows that master.
    pub replicas: Vec<SlotOwner>,
}

/// A node as `CLUSTER SLOTS` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotOwner {
    /// As announced.
    pub host: String,
    /// As announced.
    pub port: u16,
    /// 40 hexadecimal digits.
    pub node_id: String,
}

/// An answer of the cluster that is not of the documented form.
#[derive(Debug, thiserror::Error)]
#[error("{command} was answered in an unknown form: {part}")]
pub(super) struct UnknownForm {
    command: &'static str,
    part: String,
}

const NODES: &str = "CLUSTER NODES";
const SLOTS: &str = "CLUSTER SLOTS";

fn unknown(command: &'static str, part: impl Into<String>) -> UnknownForm {
    UnknownForm { command, part: part.into() }
}

/// Read the answer to `CLUSTER NODES`, sorted by host and port.
pub(super) fn parse_nodes(text: &str) -> Result<Vec<ClusterNode>, UnknownForm> {
    let lines = text.lines().filter(|line| !line.is_empty());
    let mut nodes = lines
        .map(|line| parse_node(line).ok_or_else(|| unknown(NODES, line)))
        .collect::<Result<Vec<_>, _>>()?;
    nodes.sort_by(|a, b| (&a.host, a.port).cmp(&(&b.host, b.port)));
    Ok(nodes)
}

/// `<id> <ip:port@cport[,hostname]> <flags> <master> <ping-sent> <pong-recv> <config-epoch> <link-state> <slot> …`
/// (Redis documentation, CLUSTER NODES).
fn parse_node(line: &str) -> Option<ClusterNode> {
    let mut fields = line.split(' ');
    let node_id = fields.next()?.to_owned();
    let address = fields.next()?;
    let address = address.split_once('@').map_or(address, |(address, _bus)| address);
    let (host, port) = address.rsplit_once(':')?;
    let flags: Vec<&str> = fields.next()?.split(',').collect();
    let is_replica = flags.iter().any(|flag| matches!(*flag, "slave" | "replica"));
    let master_id = match fields.next()? {
        "-" => None,
        id => Some(id.to_owned()),
    };
    let ping_sent = fields.next()?.parse().ok()?;
    let pong_recv = fields.next()?.parse().ok()?;
    let config_epoch = fields.next()?.parse().ok()?;
    let link_state = fields.next()?.to_owned();
    // A slot in brackets is on its way elsewhere, and listed besides while it is still served.
    let slots = fields.filter(|slot| !slot.is_empty() && !slot.starts_with('['));
    let mut slot_ranges = slots.map(parse_range).collect::<Option<Vec<_>>>()?;
    slot_ranges.sort_unstable();
    Some(ClusterNode {
        node_id,
        host: host.to_owned(),
        port: port.parse().ok()?,
        role: if is_replica { ClusterRole::Replica } else { ClusterRole::Master },
        flags: flags.into_iter().filter(|flag| *flag != "myself").map(str::to_owned).collect(),
        master_id,
        ping_sent,
        pong_recv,
        config_epoch,
        link_state,
        slot_ranges,
    })
}

fn parse_range(text: &str) -> Option<SlotRange> {
    let (start, end) = text.split_once('-').unwrap_or((text, text));
    range(start.parse().ok()?, end.parse().ok()?)
}

fn range(start: u16, end: u16) -> Option<SlotRange> {
    (start <= end && end < super::slot::COUNT).then_some(SlotRange { start, end })
}

/// Read the answer to `CLUSTER SLOTS`, sorted by the first slot. `asked` is the host of the node that gave it, for
/// nodes whose host it leaves out because it is its own.
pub(super) fn parse_slots(answer: &Value, asked: &str) -> Result<Vec<SlotAssignment>, UnknownForm> {
    let Value::Array(entries) = answer else {
        return Err(unknown(SLOTS, form(answer)));
    };
    let mut assignments = entries
        .iter()
        .map(|entry| parse_assignment(entry, asked).ok_or_else(|| unknown(SLOTS, format!("{entry:?}"))))
        .collect::<Result<Vec<_>, _>>()?;
    assignments.sort_by_key(|assignment| assignment.range);
    Ok(assignments)
}

fn parse_assignment(entry: &Value, asked: &str) -> Option<SlotAssignment> {
    let Value::Array(parts) = entry else {
        return None;
    };
    let [Value::Int(start), Value::Int(end), master, replicas @ ..] = parts.as_slice() else {
        return None;
    };
    Some(SlotAssignment {
        range: range(u16::try_from(*start).ok()?, u16::try_from(*end).ok()?)?,
        master: parse_owner(master, asked)?,
        replicas: replicas.iter().map(|replica| parse_owner(replica, asked)).collect::<Option<_>>()?,
    })
}

fn parse_owner(owner: &Value, asked: &str) -> Option<SlotOwner> {
    let Value::Array(parts) = owner else {
        return None;
    };
    let [host, Value::Int(port), node_id, ..] = parts.as_slice() else {
        return None;
    };
    let host = match host {
        Value::Nil => asked,
        host => Some(text(host)?).filter(|host| !host.is_empty()).unwrap_or(asked),
    };
    Some(SlotOwner {
        host: host.to_owned(),
        port: u16::try_from(*port).ok()?,
        node_id: text(node_id)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "07c37dfeb235213a872192d90877d0cd55635b91";
    const OTHER_ID: &str = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1";

    #[test]
    fn nodes_are_read_with_all_their_members_and_sorted() {
        let text = format!(
            "{OTHER_ID} 127.0.0.1:6380@16380,redis-2 myself,master - 0 1426238316232 2 connected 5462-10922 \
             5461 [93->-{ID}]\n\
             {ID} 127.0.0.1:6379@16379 slave {OTHER_ID} 0 1426238317239 4 disconnected\n"
        );
        let nodes = parse_nodes(&text).expect("both lines are well formed");
        assert_eq!(nodes[0].port, 6379);
        assert_eq!(nodes[0].role, ClusterRole::Replica);
        assert_eq!(nodes[0].master_id.as_deref(), Some(OTHER_ID));
        assert_eq!(nodes[0].link_state, "disconnected");
        assert_eq!(nodes[0].slots_count(), 0);
        let expected = ClusterNode {
            node_id: OTHER_ID.to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 6380,
            role: ClusterRole::Master,
            flags: vec!["master".to_owned()],
            master_id: None,
            ping_sent: 0,
            pong_recv: 1_426_238_316_232,
            config_epoch: 2,
            link_state: "connected".to_owned(),
            slot_ranges: vec![SlotRange { start: 5461, end: 5461 }, SlotRange { start: 5462, end: 10922 }],
        };
        assert_eq!(nodes[1], expected);
        assert_eq!(nodes[1].slots_count(), 5462);
    }

    #[test]
    fn an_ipv6_address_keeps_its_colons() {
        let text = format!("{ID} ::1:6379@16379 master - 0 0 1 connected 0-16383");
        let nodes = parse_nodes(&text).expect("well formed");
        assert_eq!((nodes[0].host.as_str(), nodes[0].port), ("::1", 6379));
    }

    #[test]
    fn a_line_of_another_form_is_refused_by_name() {
        for line in ["", "x"].map(|rest| format!("{ID} {rest}")).into_iter().chain([
            format!("{ID} 127.0.0.1:6379@16379 master - 0 0 1 connected 5-3"),
            format!("{ID} 127.0.0.1:6379@16379 master - 0 0 1 connected 0-16384"),
            format!("{ID} 127.0.0.1:70000@16379 master - 0 0 1 connected"),
        ]) {
            let error = parse_nodes(&line).expect_err(&line);
            assert!(
                error.to_string().starts_with("CLUSTER NODES was answered in an unknown form"),
                "{error}"
            );
        }
    }

    fn owner(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), Value::BulkString(ID.into()), Value::Array(vec![])])
    }

    #[test]
    fn slots_are_read_and_sorted_and_a_host_that_is_left_out_is_the_one_that_was_asked() {
        let named = |port| owner(Value::BulkString("10.0.0.1".into()), port);
        let answer = Value::Array(vec![
            Value::Array(vec![Value::Int(5461), Value::Int(16383), named(6380), named(6390)]),
            Value::Array(vec![Value::Int(0), Value::Int(5460), owner(Value::Nil, 6379)]),
        ]);
        let slots = parse_slots(&answer, "10.0.0.9").expect("well formed");
        assert_eq!(slots[0].range, SlotRange { start: 0, end: 5460 });
        assert_eq!(slots[0].master.host, "10.0.0.9");
        assert_eq!(slots[1].master.port, 6380);
        assert_eq!(slots[1].master.node_id, ID);
        assert_eq!(slots[1].replicas[0].port, 6390);
    }

    #[test]
    fn slots_of_another_form_are_refused() {
        for answer in [
            Value::Nil,
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(-1), owner(Value::Nil, 1)])]),
            Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(16384), owner(Value::Nil, 1)])]),
            Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(1)])]),
        ] {
            parse_slots(&answer, "h").expect_err("another form");
        }
    }
}
