//! [`Slot`]: a place in a [`Config`](super::Config) for a value that another module makes of it. It must not know what the value is.

use std::any::Any;
use std::sync::{Arc, OnceLock};

/// Empty, or one value that never changes. The clones of a slot share it.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<OnceLock<Arc<dyn Any + Send + Sync>>>);

impl Slot {
    pub(crate) fn of<T: Any + Send + Sync>(value: T) -> Self {
        let value: Arc<dyn Any + Send + Sync> = Arc::new(value);
        Self(Arc::new(OnceLock::from(value)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    /// The value; `None` if the slot is empty, or holds a value of another type.
    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::downcast(self.0.get()?.clone()).ok()
    }

    /// The value, made now if the slot is empty. A slot has one user, and so one type; a value of another type would not be shared.
    pub(crate) fn get_or_default<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let value = self.0.get_or_init(|| Arc::new(T::default()));
        Arc::downcast(value.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_value() {
        let slot = Slot::default();
        let clone = slot.clone();
        assert!(clone.is_empty());
        let made: Arc<String> = slot.get_or_default();
        assert!(clone.get::<String>().is_some_and(|shared| Arc::ptr_eq(&made, &shared)));
        assert!(clone.get::<u8>().is_none());
        assert_eq!(*Slot::of(7_u8).get_or_default::<u8>(), 7);
    }
}
