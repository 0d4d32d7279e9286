//! What a handler is given: input by the names that it asks for, held to the document's rules.
//!
//! The rules are looked up in the operation, so that a bound that changes in the document changes what is taken here,
//! and a parameter that no handler knows is demanded and checked all the same. How a rule is applied, and what the
//! answer to its breach is, stands in `contract`.

use bytes::Bytes;
use contract::field::FieldFault;
use contract::messaging::MessageFault;
use contract::raw::{self, Query};
use contract::{
    CacheKey, CacheTtl, CacheValue, Message, Problem, QueueName, SecretKey, SecretName, limits, request,
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;

use crate::errors::ApiResult;
use crate::interpreter::{Operation, Parameter, Place, Rule, Wanted};
use crate::middleware::body::{self, RequestBody};
use crate::state::AppState;

/// A request on its way to a handler.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// What the server has.
    pub(crate) state: &'a AppState,
    /// What the document says of the operation.
    pub(crate) operation: &'a Operation,
    /// The request's head.
    pub(crate) head: &'a Parts,
    /// The body, of an operation that takes one.
    pub(crate) body: Option<RequestBody>,
}

/// The parameters that a handler asks for.
pub(crate) trait Input: Sized {
    /// Their names, which the document must have.
    const PARAMETERS: &'static [Wanted];

    /// Takes them out of a request; `None` when one has a fault, which `values` has noted.
    fn take(values: &mut Values<'_>) -> Option<Self>;
}

/// Defines inputs: structs whose members have the names of the document's parameters.
macro_rules! inputs {
    ($($(#[$meta:meta])* $name:ident { $($member:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $name {
            $(pub(crate) $member: $type),*
        }

        impl Input for $name {
            const PARAMETERS: &'static [Wanted] =
                &[$(Wanted { name: stringify!($member), is_optional: <$type as Value>::IS_OPTIONAL }),*];

            fn take(values: &mut Values<'_>) -> Option<Self> {
                // All are looked at before any is missed, so that all faults are noted.
                $(let $member = values.take(stringify!($member));)*
                Some(Self { $($member: $member?),* })
            }
        }
    )+};
}

inputs! {
    /// The path parameter of the cache operations.
    CacheKeyInput { key: CacheKey }

    /// Path and query of `set_cache`.
    SetCacheInput { key: CacheKey, value: CacheValue, ttl: Option<CacheTtl> }

    /// The queue, of the path or of the query.
    QueueInput { queue_name: QueueName }

    /// The secret.
    SecretNameInput { service_name: SecretName }

    /// The secret and its member.
    SecretKeyInput { service_name: SecretName, key: SecretKey }

    /// The node of the Redis Cluster, which may be unknown.
    NodeNameInput { node_name: String }
}

impl Input for () {
    const PARAMETERS: &'static [Wanted] = &[];

    fn take(_: &mut Values<'_>) -> Option<Self> {
        Some(())
    }
}

impl Call<'_> {
    /// The input of a handler that takes no body.
    ///
    /// # Errors
    /// [`Problem::BadRequest`] for broken percent-encoding of the path, then of the query; [`Problem::Validation`] with
    /// all faults together.
    pub(crate) fn input<I: Input>(&self) -> ApiResult<I> {
        let mut values = Values::of(self)?;
        match I::take(&mut values) {
            Some(input) if values.faults.is_empty() => Ok(input),
            _ => Err(values.refused(None).into()),
        }
    }

    /// The input of a handler that takes a message.
    ///
    /// The media type and the declared length are checked before a byte of the body is read.
    ///
    /// # Errors
    /// Those of the body by itself, then those of [`Self::input`], in which the faults of the message are among the others.
    pub(crate) async fn input_and_message<I: Input>(&mut self) -> ApiResult<(I, Message)> {
        // Only an operation with a body is bound to such a handler, and it comes with one.
        let mut body = self.body.take().ok_or(Problem::Internal)?;
        if let Err(problem) = check_media_type(&self.head.headers) {
            body::discard(body);
            return Err(problem.into());
        }
        let message = match read_message(&self.head.headers, &mut body).await {
            Ok(Some(message)) => Message::parse(&message),
            Ok(None) => Err(MessageFault::NotJson),
            Err(problem) => {
                body::refuse(self.head.version, body);
                return Err(problem.into());
            }
        };
        let mut values = Values::of(self)?;
        match (I::take(&mut values), message) {
            (Some(input), Ok(message)) if values.faults.is_empty() => Ok((input, message)),
            (_, message) => Err(values.refused(message.err()).into()),
        }
    }
}

/// The parameters of a request, and what was found to be wrong with them.
#[derive(Debug)]
pub(crate) struct Values<'a> {
    parameters: &'a [Parameter],
    path: &'a str,
    query: Query<'a>,
    /// Each with the number of its parameter.
    faults: Vec<(usize, FieldFault)>,
}

impl<'a> Values<'a> {
    /// Reads the raw text of a request, and checks the parameters that no handler asks for.
    fn of(call: &Call<'a>) -> Result<Self, Problem> {
        let (parameters, path) = (call.operation.parameters(), call.head.uri.path());
        for parameter in parameters {
            if let Place::Segment(number) = parameter.place {
                // Read again where it is used: that is cheaper than to keep it.
                raw::segment(segment(path, number))?;
            }
        }
        let query = if call.operation.has_query() { call.head.uri.query() } else { None };
        let mut values = Self { parameters, path, query: Query::read(query)?, faults: Vec::new() };
        for parameter in parameters.iter().filter(|parameter| !parameter.is_wanted) {
            values.take::<Option<Unasked>>(parameter.name);
        }
        Ok(values)
    }

    /// Takes the parameter of that name; `None` when it has a fault, which is noted.
    fn take<V: Value>(&mut self, name: &str) -> Option<V> {
        let (number, parameter) =
            self.parameters.iter().enumerate().find(|(_, parameter)| parameter.name == name)?;
        let value = match parameter.place {
            Place::Segment(number) => {
                let segment = raw::segment(segment(self.path, number)).ok()?;
                V::of(&parameter.rule, &segment)
            }
            Place::Query => match self.query.optional(name) {
                Some(raw) => V::of(&parameter.rule, raw),
                None if parameter.is_required => Err(FieldFault::Missing),
                None => V::absent(),
            },
        };
        value.map_err(|fault| self.faults.push((number, fault))).ok()
    }

    /// The answer to a request in which something is wrong.
    fn refused(mut self, message: Option<MessageFault>) -> Problem {
        self.faults.sort_unstable_by_key(|(number, _)| *number);
        let faults = self.faults.iter();
        raw::refused_with_body(
            faults.map(|(number, fault)| (self.parameters[*number].field_place(), Some(*fault))),
            message,
        )
    }
}

/// The segment of a path with this number, counted by the slashes before it.
fn segment(path: &str, number: usize) -> &str {
    path.split('/').nth(number).unwrap_or_default()
}

/// What a parameter becomes.
trait Value: Sized {
    /// Whether its place may be empty.
    const IS_OPTIONAL: bool;

    /// Takes a decoded text by the document's rule.
    fn of(rule: &Rule, raw: &str) -> Result<Self, FieldFault>;

    /// What stands for a parameter that was not sent.
    fn absent() -> Result<Self, FieldFault>;
}

/// Implements [`Value`] for types that a text becomes by `|rule, raw|`.
macro_rules! values {
    ($($type:ty = |$rule:ident, $raw:ident| $read:expr;)+) => {$(
        impl Value for $type {
            const IS_OPTIONAL: bool = false;

            fn of($rule: &Rule, $raw: &str) -> Result<Self, FieldFault> {
                $read
            }

            fn absent() -> Result<Self, FieldFault> {
                Err(FieldFault::Missing)
            }
        }
    )+};
}

/// A parameter that no handler asks for: held to its rule, and then forgotten.
#[derive(Debug)]
struct Unasked;

values! {
    CacheKey = |rule, raw| Self::by(&rule.for_text(raw)?, raw);
    CacheValue = |rule, raw| Self::by(&rule.for_text(raw)?, raw);
    CacheTtl = |rule, raw| Self::by(&rule.for_integer(raw)?, raw);
    QueueName = |rule, raw| Self::by(&rule.for_text(raw)?, raw);
    SecretName = |rule, raw| Self::by(&rule.for_text(raw)?, raw);
    SecretKey = |rule, raw| Self::by(&rule.for_text(raw)?, raw);
    String = |rule, raw| rule.check(raw).map(|()| raw.to_owned());
    Unasked = |rule, raw| rule.check(raw).map(|()| Self);
}

impl<V: Value> Value for Option<V> {
    const IS_OPTIONAL: bool = true;

    fn of(rule: &Rule, raw: &str) -> Result<Self, FieldFault> {
        V::of(rule, raw).map(Some)
    }

    fn absent() -> Result<Self, FieldFault> {
        Ok(None)
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let values = |name| headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    request::check_media_type(values(header::CONTENT_TYPE), values(header::CONTENT_ENCODING))
}

/// What `Content-Length` says; hyper has refused values that are no number.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body of at most [`limits::MAX_MESSAGE_BYTES`]; `None` when its framing broke or the client went away.
///
/// # Errors
/// [`Problem::PayloadTooLarge`] by the declared length before a byte is read, or as soon as the limit is passed;
/// [`Problem::RequestTimeout`] when it is not complete in time.
async fn read_message(headers: &HeaderMap, body: &mut RequestBody) -> Result<Option<Bytes>, Problem> {
    request::check_declared_length(declared_length(headers), limits::MAX_MESSAGE_BYTES as u64)?;
    let read = Limited::new(body, limits::MAX_MESSAGE_BYTES).collect();
    match tokio::time::timeout(limits::BODY_TIMEOUT, read).await {
        Ok(Ok(message)) => Ok(Some(message.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::PayloadTooLarge),
        Ok(Err(_)) => Ok(None),
        Err(_elapsed) => Err(Problem::RequestTimeout),
    }
}
